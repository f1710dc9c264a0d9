/** What people are told when the disk refuses something that has to be kept before the work can go on. */
export function cannotKeep(what: string, refused: string): string {
  return `The bot cannot keep ${what} (${refused}). An operator has to look after the disk where DATA_DIR is.`
}

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
