import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { postsOnDisk } from './posts-on-disk.ts'

function place(): string {
  const dir = mkdtempSync(join(tmpdir(), 'responder-posts-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'data', 'posts.sqlite')
}

/** A log that keeps what was said. */
function listening() {
  const said: string[] = []
  const say = (_fields: object, message: string) => void said.push(message)
  return { said, info: say, warn: say, error: say }
}

const post = { channel: 'C0INC', ts: '1.000001' }

test('what a post said is known after a restart: as it was sent, and as Slack keeps it', () => {
  const file = place()
  const log = listening()
  {
    using posts = postsOnDisk({ file, log })
    posts.keep(post, ['sent', 'kept'])
  }
  using later = postsOnDisk({ file, log })
  expect(['sent', 'kept', 'altered'].map((digest) => later.isAsPosted(post, digest))).toEqual([true, true, false])
  expect(later.isAsPosted({ ...post, ts: '2.000001' }, 'sent')).toBeUndefined()
  expect(statSync(file).mode & 0o077).toBe(0)
  expect(log.said).toEqual([])
})

test('a file that is damaged is begun anew, and said: then nothing is known, and nothing is held against anybody', () => {
  const file = place()
  const log = listening()
  postsOnDisk({ file, log })[Symbol.dispose]()
  writeFileSync(file, 'x'.repeat(9_000))
  for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  using posts = postsOnDisk({ file, log })
  expect(posts.isAsPosted(post, 'sent')).toBeUndefined()
  expect(log.said).toEqual(['the memory of what was posted is damaged and is begun anew'])
})

test('once it is closed it takes nothing and knows nothing, and throws neither way', () => {
  const posts = postsOnDisk({ file: place(), log: listening() })
  posts.keep(post, ['sent'])
  posts[Symbol.dispose]()
  posts.keep({ ...post, ts: '2.000001' }, ['sent'])
  expect(posts.isAsPosted(post, 'sent')).toBeUndefined()
})
