// Puts the SDK on the global object, to try it from the developer tools or from a script that drives a browser.
import { Runtime, Workspaces } from '@verklet/sdk';

Object.assign(globalThis, { verklet: { Runtime, Workspaces } });
