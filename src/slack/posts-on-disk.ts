import type { Log } from './log.ts'
import { openMemory } from './memory-file.ts'

/** What our own posts said when Slack took them, so that one that was altered shows. */
export type KeptPosts = {
  /** Each of the digests is right: as we sent it, and as Slack says that it keeps it. Never throws: a post that is not kept is not watched over. */
  keep(place: { readonly channel: string; readonly ts: string }, digests: readonly string[]): void
  /** Whether the post is as it was. Undefined: what it said is not known. */
  isAsPosted(place: { readonly channel: string; readonly ts: string }, digest: string): boolean | undefined
}

const schema = `
  CREATE TABLE IF NOT EXISTS post (
    channel TEXT NOT NULL, ts TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (channel, ts, digest)
  ) STRICT, WITHOUT ROWID;
  SELECT COUNT(*) FROM post;
`

/** Keeps them in a small SQLite file beside the ledger. What the disk does not take is logged, and that post is not watched over. */
export function postsOnDisk({ file, log }: { readonly file: string; readonly log: Log }): KeptPosts & Disposable {
  const db = openMemory({ file, what: 'what was posted', schema, log })
  const insert = db.prepare<[string, string, string]>(
    'INSERT OR IGNORE INTO post (channel, ts, digest) VALUES (?, ?, ?)',
  )
  const select = db.prepare<[string, string], string>('SELECT digest FROM post WHERE channel = ? AND ts = ?').pluck()
  let failing = false
  return {
    keep({ channel, ts }, digests) {
      if (!db.open) return
      try {
        for (const digest of new Set(digests)) insert.run(channel, ts, digest)
        failing = false
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        if (!failing) log.error({ file, why }, 'whether posts are altered later cannot be seen')
        failing = true
      }
    },
    isAsPosted({ channel, ts }, digest) {
      const kept = db.open ? select.all(channel, ts) : []
      return kept.length === 0 ? undefined : kept.includes(digest)
    },
    [Symbol.dispose]: () => void db.close(),
  }
}
