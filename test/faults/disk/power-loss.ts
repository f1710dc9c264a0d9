import type { Random } from '../harness/random.ts'
import type { Call, DiskRecord } from './disk-record.ts'

/** Files by their names. */
export type Files = ReadonlyMap<string, Buffer>

/**
 * The files as a disk may hold them when the power goes after so many calls. What was synced is there. Of what was not, each write is there
 * whole, in some of its sectors, or not at all, whatever became of the others; so is each new name and each name that was removed.
 */
export function afterPowerLoss(record: DiskRecord, upTo: number, random: Random): Files {
  return filesAfter(record, upTo, {
    kept: (changes) => {
      const likely = random.pick([0, 0.3, 0.7, 1])
      return changes.flatMap((change): readonly Change[] => {
        if (random.fraction() < likely) return [change]
        return change.kind === 'written' && random.fraction() < 0.5 ? torn(change, random) : []
      })
    },
    name: (bindings) => bindings[random.between(0, bindings.length - 1)],
  })
}

/** The files as every process sees them after so many calls. */
export function withoutPowerLoss(record: DiskRecord, upTo = record.calls.length): Files {
  return filesAfter(record, upTo, { kept: (changes) => changes, name: (bindings) => bindings.at(-1) })
}

type Written = Extract<Call, { readonly kind: 'written' }>
type Change = Written | Extract<Call, { readonly kind: 'cut' }>

/** Decides about what was not synced. */
type Fate = {
  readonly kept: (changes: readonly Change[]) => readonly Change[]
  /** The file that a name stands for: what was synced, or one of those that came after. */
  readonly name: (bindings: readonly (number | undefined)[]) => number | undefined
}

/** A disk writes whole sectors. */
const sector = 512

function torn({ bytes, at, ...write }: Written, random: Random): readonly Written[] {
  const pieces: Written[] = []
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + sector - ((at + from) % sector))
    if (random.fraction() < 0.5) pieces.push({ ...write, at: at + from, bytes: bytes.subarray(from, to) })
    from = to
  }
  return pieces
}

function filesAfter({ calls, before }: DiskRecord, upTo: number, fate: Fate): Files {
  const disks = new Map([...before.values()].map(({ file, bytes }) => [file, createDisk(bytes)]))
  const diskOf = (file: number) => {
    const disk = disks.get(file) ?? createDisk(Buffer.alloc(0))
    disks.set(file, disk)
    return disk
  }
  const names = new Map<string, readonly (number | undefined)[]>([...before].map(([name, { file }]) => [name, [file]]))
  for (const call of calls.slice(0, upTo)) {
    if (call.kind === 'written' || call.kind === 'cut') diskOf(call.file).pending.push(call)
    else if (call.kind === 'synced') diskOf(call.file).settle((changes) => changes)
    else if (call.kind === 'named') names.set(call.name, [...(names.get(call.name) ?? [undefined]), call.file])
    else if (call.kind === 'names synced')
      for (const [name, bindings] of names)
        if (name.startsWith(`${call.directory}/`)) names.set(name, bindings.slice(-1))
  }
  for (const disk of disks.values()) disk.settle(fate.kept)
  return new Map(
    [...names].flatMap(([name, bindings]) => {
      const file = fate.name(bindings)
      return file === undefined ? [] : [[name, diskOf(file).bytes()] as const]
    }),
  )
}

type Disk = {
  /** Written, and not synced yet. */
  readonly pending: Change[]
  /** Brings what is kept of it to the disk. */
  readonly settle: (kept: Fate['kept']) => void
  readonly bytes: () => Buffer
}

function createDisk(before: Buffer): Disk {
  let room = Buffer.from(before)
  let size = before.length
  const pending: Change[] = []
  const grow = (to: number): void => {
    if (to > room.length) room = Buffer.concat([room], Math.max(to, room.length * 2))
    // What lies behind the end reads as zeros once the file is longer.
    if (to > size) room.fill(0, size, to)
    size = Math.max(size, to)
  }
  return {
    pending,
    settle(kept) {
      for (const change of kept(pending)) {
        if (change.kind === 'cut') {
          grow(change.size)
          size = change.size
        } else {
          grow(change.at + change.bytes.length)
          room.set(change.bytes, change.at)
        }
      }
      pending.length = 0
    },
    bytes: () => room.subarray(0, size),
  }
}
