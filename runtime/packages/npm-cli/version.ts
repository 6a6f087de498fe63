// The npm that is bundled; the build checks that it is the one installed. Imports nothing.
export const NPM_VERSION = '11.19.1';
