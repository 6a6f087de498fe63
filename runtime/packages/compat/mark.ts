// The file by which a folder says that no lockfile knows it: npm's view of the tree leaves it out. Imports nothing.
export const STAND_IN_MARK = '.verklet-stand-in';
