import { type BuiltInId, builtIn } from '#/configuration/playbooks.ts'
import { copyDatabase } from '#/drill/autentico/copy-database.ts'
import { flood } from '#/drill/autentico/flood.ts'
import type { LocalAutentico } from '#/drill/autentico/local-autentico.ts'
import { robAlice } from '#/drill/autentico/rob-alice.ts'
import { deviceClientId, portalClientId, scriptClientId } from '#/drill/autentico/seed.ts'
import { type Planted, stealAdmin } from '#/drill/autentico/steal-admin.ts'
import { stealKey } from '#/drill/autentico/steal-key.ts'
import type { Thief } from '#/drill/autentico/thief.ts'
import { findNginx } from '#/drill/front.ts'
import type { Exposed } from '#/drill/page/glass/instance.ts'
import type { Finding } from '#/incident/findings.ts'

/** What the drill of a playbook needs besides the playbook itself. */
export type Plot = {
  readonly playbook: BuiltInId
  /** Whose account it is about; absent: Autentico as a whole. */
  readonly target?: string
  readonly summary: string
  /** What mallory has, in one sentence. */
  readonly stolen: string
  readonly steal: (autentico: LocalAutentico, planted: Planted) => Promise<Thief>
  /** What is in mallory's hands besides single accounts. */
  readonly exposes: readonly Exposed[]
  /** Settings of this Autentico, where those of an ordinary company would only make a review long. */
  readonly settings?: Readonly<Record<string, string>>
  /** Whether somebody puts the account on hold before anything else, alone and for a moment. */
  readonly holdsFirst?: true
  /** Whether mallory signs in once more while the first request waits, so that what was shown is not true any more when it is approved. */
  readonly signsInAgain?: true
  /** Whether a reverse proxy stands before Autentico. */
  readonly front?: true
  /** Why it cannot be contained on this machine, as one sentence; undefined: it can. */
  readonly hindrance?: () => string | undefined
  /** What people say when they close it. */
  readonly closing: string
}

/** The administrator whose token, or password, mallory has. */
export const robbedAdmin = 'admin'

/** Nothing here but what a review is to come upon. */
const quietSettings = {
  magic_link_enabled: 'false',
  trust_device_enabled: 'false',
  smtp_host: '',
  smtp_username: '',
  smtp_from: '',
}

export const plots: readonly Plot[] = [
  {
    playbook: 'account-compromise',
    target: 'alice',
    summary: 'Login from two countries, 03:12',
    stolen: 'Mallory has robbed alice: password, tokens, cookies, a passkey of her own, codes and links.',
    steal: async (autentico) => robAlice(autentico),
    holdsFirst: true,
    signsInAgain: true,
    exposes: [],
    closing: 'Phished password. Passkey of the attacker removed.',
  },
  {
    playbook: 'admin-token-exposed',
    summary: 'The deployment log of last night shows an admin token',
    stolen:
      'Mallory has a token of an administrator, and used it: a client, a provider and an administrator of her own.',
    steal: async (autentico, planted) => stealAdmin(autentico, { admin: robbedAdmin, planted, password: false }),
    exposes: ['planted'],
    settings: quietSettings,
    closing: 'Token out of a build log. What was made with it is gone; the log is masked now.',
  },
  {
    playbook: 'private-key-exposed',
    summary: 'A backup of the environment file lay in a public bucket',
    stolen: 'Mallory has the private key that tokens are signed with, and a login of user-001.',
    steal: async (autentico) => stealKey(autentico),
    exposes: ['key', 'people'],
    closing: 'Backup in a public bucket. Key and refresh secret replaced; the bucket is private now.',
  },
  {
    playbook: 'database-breach',
    summary: 'Somebody fetched a copy of the database file, 02:40',
    stolen: 'Mallory has a copy of the database: every session, cookie and authenticator secret lies there in clear.',
    steal: async (autentico) => copyDatabase(autentico),
    exposes: ['key', 'people', 'authenticators'],
    closing: 'Copied over a forgotten maintenance login, which is closed.',
  },
  {
    playbook: 'denial-of-service',
    summary: 'Sign-in is slow, and people are locked out, since 04:05',
    stolen: 'Mallory has nothing, and floods the sign-in page: three people are locked out.',
    steal: async (autentico) => flood(autentico),
    exposes: ['locked'],
    front: true,
    hindrance: () =>
      findNginx(process.env) === undefined
        ? 'There is no nginx here, so the limits were handed over as a file that nobody puts in place (Debian: apt-get install nginx).'
        : undefined,
    closing: 'Limits and list stay. The provider filters the flood further out.',
  },
  {
    playbook: 'admin-account-compromise',
    target: robbedAdmin,
    summary: 'The admin account signed in from an unknown address',
    stolen:
      'Mallory has the password of an administrator, and used it: a client, a provider and an administrator of her own.',
    steal: async (autentico, planted) => stealAdmin(autentico, { admin: robbedAdmin, planted, password: true }),
    exposes: ['planted'],
    settings: quietSettings,
    closing: 'Reused password. What was made with the account is gone.',
  },
]

export function plotOf(playbook: string): Plot | undefined {
  return plots.find((one) => one.playbook === playbook)
}

/** "“Exposed private key”", as the form has it. */
export function titleOf({ playbook }: Plot): string {
  return `“${builtIn(playbook).title}”`
}

/** Whether mallory is behind what a review came upon. */
export function isRogue({ subject }: Pick<Finding, 'subject'>, planted: Planted): boolean {
  const { clientId, providerId, adminId, setting } = planted
  return [clientId, providerId, adminId, setting].includes(subject.id)
}

/** Why everything else that a review came upon is as it should be. */
export const expectedBecause: Readonly<Record<Finding['kind'], string>> = {
  admin: 'Has looked after Autentico for years, asked in person.',
  account: 'Asked in person.',
  client: 'In the register of services, as it stands there.',
  provider: 'The company’s own workspace, set up two years ago.',
  setting: 'Decided so by the operations team, and unchanged since.',
  secret: 'Replaced at the other end and entered anew.',
}

/** What whoever runs this Autentico has told the bot to expect. */
export const knownToReviews = {
  KNOWN_ADMINS: robbedAdmin,
  KNOWN_CLIENTS: [portalClientId, scriptClientId, deviceClientId].join(','),
} as const

/** What a form asks of people before a step, by the id of the field; what is not here keeps what it holds at first. */
export function inputsFor(now: Date): Readonly<Record<string, string>> {
  const lastNight = new Date(now.getTime() - 10 * 3_600_000)
  return {
    since: lastNight.toISOString().slice(0, 16).replace('T', ' '),
    // Where the proxy is not the worker's to change there is none that is configured.
    ...(findNginx(process.env) === undefined ? { proxy: 'nginx' } : {}),
    networks: '127.0.0.1',
  }
}
