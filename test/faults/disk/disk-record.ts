import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** One thing that a process asked of the disk, or said to the outside. `file` is a file's number: a name may come to mean another file. */
export type Call =
  | { readonly kind: 'named'; readonly name: string; readonly file: number | undefined }
  | { readonly kind: 'written'; readonly file: number; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'cut'; readonly file: number; readonly size: number }
  | { readonly kind: 'synced'; readonly file: number }
  | { readonly kind: 'names synced'; readonly directory: string }
  | { readonly kind: 'said'; readonly text: string }

/** What a process did to some files, in the order in which the kernel did it. */
export type DiskRecord = {
  readonly calls: readonly Call[]
  /** What lay there before, by name; it is taken to be safely on the disk. */
  readonly before: ReadonlyMap<string, { readonly file: number; readonly bytes: Buffer }>
}

/** What strace has to write down, with `-f`: every call that changes a file or its name, brings it to the disk, or says something. */
export const traceArguments: readonly string[] = [
  '-y',
  '-xx',
  '-s',
  '1000000',
  '-e',
  'trace=openat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,copy_file_range,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat',
]

/** The files as they lie there now, for a process that is looked at in the middle of its work. */
export function lyingThere(databases: readonly string[]): DiskRecord['before'] {
  const names = databases.flatMap(filesOf).filter((name) => existsSync(name))
  return new Map(names.map((name, file) => [name, { file, bytes: readFileSync(name) }]))
}

/**
 * Reads what strace wrote down. `databases` are SQLite files; what belongs to them is followed, except for `-shm`, which SQLite makes anew
 * after a crash. Throws for a call on them that is not understood here: a record with gaps would prove nothing.
 */
export function readTrace({
  trace,
  databases,
  before = new Map(),
}: {
  readonly trace: string
  readonly databases: readonly string[]
  readonly before?: DiskRecord['before']
}): DiskRecord {
  const followed = new Set(databases.flatMap(filesOf))
  const directories = new Set(databases.map((name) => dirname(name)))
  const names = new Map([...before].map(([name, { file }]) => [name, file]))
  let files = before.size
  const calls = wholeLines(trace).flatMap((line) => {
    const call = callIn(line)
    return call === undefined ? [] : read(call)
  })
  return { calls, before }

  function read({ name, on, rest, line }: Traced): readonly Call[] {
    if (name === 'fsync' || name === 'fdatasync') {
      if (directories.has(on)) return [{ kind: 'names synced', directory: on }]
      return followed.has(on) ? [{ kind: 'synced', file: known(on) }] : []
    }
    if (!followed.has(on)) return /^writev?$/.test(name) ? [{ kind: 'said', text: textsIn(line).join('') }] : []
    if (name === 'pwrite64') {
      const [, hex = '', at = ''] = /^, "([^"]*)", \d+, (\d+)$/.exec(rest) ?? []
      if (at === '') throw new Error(`a write could not be read: ${line.slice(0, 200)}`)
      return [{ kind: 'written', file: known(on), at: Number(at), bytes: bytesOf(hex) }]
    }
    if (name === 'ftruncate') return [{ kind: 'cut', file: known(on), size: Number(rest.slice(2)) }]
    if (name === 'unlink' || name === 'unlinkat') {
      names.delete(on)
      return [{ kind: 'named', name: on, file: undefined }]
    }
    if (name === 'openat') {
      if (!names.has(on) && rest.includes('O_CREAT')) {
        names.set(on, files++)
        return [{ kind: 'named', name: on, file: known(on) }]
      }
      return rest.includes('O_TRUNC') ? [{ kind: 'cut', file: known(on), size: 0 }] : []
    }
    throw new Error(`${name} on ${basename(on)} is not understood`)
  }

  function known(name: string): number {
    const file = names.get(name)
    if (file === undefined) throw new Error(`${basename(name)} was used before it was there`)
    return file
  }
}

function filesOf(database: string): readonly string[] {
  return ['', '-wal', '-journal'].map((end) => `${database}${end}`)
}

/** A call that another thread came in between of stands on two lines. It counts from when it had ended. */
function wholeLines(trace: string): readonly string[] {
  const begun = new Map<string, string>()
  return trace.split('\n').flatMap((line) => {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (text.endsWith(unfinished)) {
      begun.set(thread, text.slice(0, -unfinished.length))
      return []
    }
    const [, rest] = /^<\.{3} \w+ resumed>(.*)$/.exec(text) ?? []
    return rest === undefined ? [text] : [`${begun.get(thread) ?? ''}${rest}`]
  })
}

const unfinished = ' <unfinished ...>'

type Traced = {
  readonly name: string
  /** The file it is about. */
  readonly on: string
  /** The arguments behind that. */
  readonly rest: string
  readonly line: string
}

/** A call that succeeded. */
function callIn(line: string): Traced | undefined {
  const [, name, all = '', result] = /^(\w+)\((.*)\) += (-?\d+)/.exec(line) ?? []
  if (name === undefined || Number(result) < 0) return undefined
  // The file is the descriptor that is named first, except where a path stands behind a directory.
  const [head = '', on = ''] =
    (/^(?:rename|link|unlink|openat|truncate)/.test(name) ? /^[^"]*"([^"]*)"/ : /^\d+<([^>]*)>/).exec(all) ?? []
  return { name, on: bytesOf(on).toString(), rest: all.slice(head.length), line }
}

function textsIn(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"/g)].map(([, hex = '']) => bytesOf(hex).toString('latin1'))
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(String.raw`\x`, ''), 'hex')
}
