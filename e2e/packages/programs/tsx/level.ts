export enum Level { Low, High }
export const describe = (level: Level): string => Level[level];
