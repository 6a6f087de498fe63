// Types of setup.mjs, which is plain JavaScript because it runs before anything is installed.
export const root: string;
export function ensureDependencies(): void;
export function nodeBinary(): string;
export function nodeEnvironment(extra?: Record<string, string>): NodeJS.ProcessEnv;
export function ensureBrowser(): Promise<string>;
export function findBrowser(): string | null;
export function run(file: string, args: readonly string[], extraEnv?: Record<string, string>): number;
export function npmRegistry(): string;
export function say(text: string): void;
