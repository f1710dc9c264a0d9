/**
 * Why the disk did not do what was asked of a file or a folder, for people. Undefined for every other error; ask only about work on files,
 * because a connection that fails looks the same.
 */
export function refusedByDisk(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'its disk is full'
    case 'EROFS':
      return 'its disk is read-only'
    default:
      return `its disk answers ${String(error.code)}`
  }
}
