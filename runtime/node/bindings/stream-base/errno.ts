// The Linux errno values (negative, as the kernel and the file system answer) that the I/O bindings name.
export const EPERM = -1;
export const ENOENT = -2;
export const EBADF = -9;
export const EAGAIN = -11;
export const EACCES = -13;
export const EEXIST = -17;
export const ENOTDIR = -20;
export const EISDIR = -21;
export const EINVAL = -22;
export const ENOTTY = -25;
export const EPIPE = -32;
export const ENOSYS = -38;
export const EADDRINUSE = -98;
export const EADDRNOTAVAIL = -99;
export const ENETUNREACH = -101;
export const ECONNRESET = -104;
export const ENOBUFS = -105;
export const ENOTCONN = -107;
export const ETIMEDOUT = -110;
export const ECONNREFUSED = -111;
export const ECANCELED = -125;
/** libuv's own number for end of file. */
export const UV_EOF = -4095;
export const UV_EAI_NONAME = -3008;
