// All templates, in the order of the start page.
import { express } from './express.ts';
import { http } from './http.ts';
import { pythonNotebook } from './notebook.ts';
import { script } from './script.ts';
import { staticSite } from './static-site.ts';
import { viteReact } from './vite-react.ts';
import type { Template } from './template.ts';

export const templates: readonly Template[] = [viteReact, express, pythonNotebook, staticSite, http, script];
export type { Template };
