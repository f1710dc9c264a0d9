import { join } from 'node:path'
import { expect } from 'vitest'
import { until, wordsOf, wordsOfForm } from '#/drill/crew.ts'
import type { IncidentId } from '#/incident/events.ts'
import { readEvidence } from '#/ledger/evidence.ts'
import { type Case, caseOf, dataDirOf, ledgerOf } from '../../support/incident-flow.ts'
import { fault } from '../harness/fault.ts'
import type { World, WorldOptions } from '../harness/world.ts'
import { type RefusedWrites, refuseSyncs } from './refused-writes.ts'
import { type SmallDisk, smallDisk } from './small-disk.ts'

type Trouble = {
  readonly begin: (world: World, folder: string) => Promise<(AsyncDisposable | Disposable) & Partial<RefusedWrites>>
  /** What people are told of it. */
  readonly said: RegExp
}

const disks = new Map<string, SmallDisk>()

const troubles: Readonly<Record<string, Trouble>> = {
  'the disk is full': { begin: async (_, folder) => diskOf(folder).fill(), said: /\(its disk is full\)/ },
  'the disk is read-only': { begin: async (_, folder) => diskOf(folder).readOnly(), said: /\(its disk is read-only\)/ },
  'the disk is broken': {
    begin: async (world, folder) => refuseSyncs(world.program().pid, 'EIO', folder),
    said: /\(its disk answers EIO\)/,
  },
}

/** A snapshot has so many pieces of evidence where the worker sees the database. */
const pieces = 6

/** The folder is a disk of its own, so that the ledger can be written all the while. */
function withDiskFor(name: 'evidence' | 'sealed'): WorldOptions {
  return {
    before: async (stage, building) => {
      const folder = join(dataDirOf(stage), name)
      disks.set(folder, building.use(smallDisk(folder, '1m')))
    },
  }
}

fault({
  id: 'F26',
  title: 'evidence cannot be kept: nothing can be asked for, the thread says why, and it goes on once it can',
  ci: 1,
  nightly: 20,
  variants: Object.keys(troubles),
  world: withDiskFor('evidence'),
  async run(run) {
    const { world, variant, struck, open, succeeds, proves } = run
    const folder = join(dataDirOf(world.stage), 'evidence')
    const { begin, said } = troubleOf(variant)
    const before = newest(world)
    let opening: Promise<Case>
    {
      await using trouble = await begin(world, folder)
      opening = open()
      opening.catch(() => undefined) // It is awaited below.
      const id = await until(() => (newest(world) === before ? undefined : newest(world)), 'the incident')
      await succeeds(async () => {
        const incident = caseOf(world.stage, id)
        await untilTold(incident, /cannot keep the evidence/, said)
        struck()
        // By then each piece has been there for a try already. Without its folder it may still be gone after a power loss.
        await until(() => ((trouble.count?.() ?? Infinity) > pieces ? true : undefined), 'more tries than pieces')
        expect(incident.entries('SnapshotTaken')).toEqual([])
        expect(incident.state().facts).toBeUndefined()
      })
    }
    const incident = await opening
    await succeeds(async () => {
      for (const { event } of incident.entries('SnapshotTaken'))
        for (const { digest } of event.evidence) await readEvidence(folder, digest)
      expect(incident.entries('SnapshotTaken')).toHaveLength(1)
      expect(incident.entries('WorkIssuedAgain')).toEqual([])
    })
    await incident.ask(1)
    await incident.approve()
    await proves(incident)
  },
})

fault({
  id: 'F26',
  title:
    'a temporary password cannot be kept, or not be destroyed: nobody gets it, people are told, and a new one can be made',
  ci: 1,
  nightly: 20,
  world: withDiskFor('sealed'),
  budgetMs: 60_000,
  async run(run) {
    const { world, random, open, struck, succeeds } = run
    const folder = join(dataDirOf(world.stage), 'sealed')
    const incident = await open()
    for (const n of [1, 2, 3, 4]) await incident.run(n)
    await incident.untilSwept()
    await notify(incident)
    const made = () => incident.entries('StepDone').filter(({ event }) => event.action === 'restore-access').length
    const { begin, said } = random.pick(Object.values(troubles))
    await incident.ask(5)
    {
      await using _trouble = await begin(world, folder)
      await incident.approve()
      await succeeds(async () => {
        await untilTold(incident, /cannot keep the temporary password/, said)
        struck()
        expect(made()).toBe(0)
      })
    }
    await succeeds(async () => expect(await look(incident)).toMatch(/shown this once/))

    await incident.run(5)
    await succeeds(async () => {
      await until(() => (made() > 1 ? true : undefined), 'the password')
      using _readOnly = diskOf(folder).readOnly()
      expect(await look(incident)).toMatch(
        /could not take it out and destroy it \(its disk is read-only\), so nobody is shown it/,
      )
    })
    await incident.run(5)
    await succeeds(async () => expect(await look(incident)).toMatch(/shown this once/))
  },
})

function troubleOf(variant: string): Trouble {
  const found = troubles[variant]
  if (found === undefined) throw new Error(`there is no trouble ${variant}`)
  return found
}

function diskOf(folder: string): SmallDisk {
  const disk = disks.get(folder)
  if (disk === undefined) throw new Error(`${folder} is no disk of its own`)
  return disk
}

function newest({ stage }: World): IncidentId | undefined {
  using ledger = ledgerOf(stage)
  return ledger.latestStreams({ having: 'IncidentOpened', limit: 1 })[0] as IncidentId | undefined
}

/** Waits until the thread says both. */
async function untilTold(incident: Case, what: RegExp, why: RegExp): Promise<void> {
  const says = () =>
    incident.state().thread !== undefined &&
    incident.thread().some((message) => what.test(wordsOf(message)) && why.test(wordsOf(message)))
  await until(() => (says() ? true : undefined), `the thread to say ${String(why)}`)
}

async function notify(incident: Case): Promise<void> {
  const ana = incident.as('ana')
  await ana.pressWhenThere(/^Record how .* was told/)
  await ana.fillIn('The user was told', { How: 'phone call', 'How identity was checked': 'employee number' })
}

/** What the form says that ana is shown in the end. */
async function look(incident: Case): Promise<string> {
  const ana = incident.as('ana')
  await ana.pressWhenThere(/^Show the temporary password/)
  const words = await until(
    () =>
      ana.actor
        .views()
        .map(wordsOfForm)
        .find((form) => !/Checking that it is for you/.test(form)),
    'the form',
  )
  await ana.actor.close()
  return words
}
