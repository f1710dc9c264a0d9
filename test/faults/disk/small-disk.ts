import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A folder that is a disk of its own, and a small one. Taken away when it is disposed. Needs to be root. */
export type SmallDisk = Disposable & {
  /** Takes what space there is, until it is disposed. */
  readonly fill: () => Disposable
  /** Lets nothing be changed on it, until it is disposed. */
  readonly readOnly: () => Disposable
}

export function smallDisk(dir: string, size: '1m' | '16m'): SmallDisk {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const mount = (...how: readonly string[]) => void execFileSync('/usr/bin/env', ['mount', ...how, dir])
  mount('-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs')
  return {
    fill() {
      const filler = join(dir, 'filler')
      fillUp(dir, filler)
      return { [Symbol.dispose]: () => rmSync(filler) }
    },
    readOnly() {
      mount('-o', 'remount,ro')
      return { [Symbol.dispose]: () => mount('-o', 'remount,rw') }
    },
    [Symbol.dispose]: () => void execFileSync('/usr/bin/env', ['umount', '--lazy', dir]),
  }
}

/** Down to the last page. */
function fillUp(dir: string, filler: string): void {
  for (let kib = Math.floor((statfsSync(dir).bavail * statfsSync(dir).bsize) / 1024); kib > 0; ) {
    writeFileSync(filler, Buffer.alloc(kib * 1024), { flag: 'a' })
    const { bavail, bsize } = statfsSync(dir)
    kib = Math.floor((bavail * bsize) / 1024)
  }
}
