import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { z } from 'zod'

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

function duration(fallback: string) {
  return z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text)
      const unit = match?.[2]
      if (match === null || !isUnit(unit) || Number(match[1]) === 0) {
        context.addIssue({ code: 'custom', message: 'is a time such as 30m, 10s or 500ms' })
        return z.NEVER
      }
      return Number(match[1]) * units[unit]
    })
}

const list = z
  .string()
  .default('')
  .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))

/** Names may hold blanks, so only commas part them. */
const nameList = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()])))

const rosterList = list.refine((ids) => ids.every((id) => /^[UWS][A-Z0-9]{2,}$/.test(id)), {
  message: 'holds Slack ids of users (U…, W…) or user groups (S…), separated by commas',
})

const userMap = list.transform((pairs, context) => {
  const map = new Map<string, string>()
  for (const pair of pairs) {
    const match = /^([UW][A-Z0-9]{2,})=(.+)$/.exec(pair)
    if (match?.[1] === undefined || match[2] === undefined) {
      context.addIssue({ code: 'custom', message: 'holds pairs like U0123ABCD=alice, separated by commas' })
      return z.NEVER
    }
    map.set(match[1], match[2])
  }
  return map
})

/** An argument vector: a JSON array of strings, or words without quoting. Never given to a shell. */
const command = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined) return undefined
    if (!text.trimStart().startsWith('[')) return text.split(/\s+/).filter((word) => word !== '')
    const parsed = z.array(z.string().min(1)).min(1).safeParse(parseJson(text))
    if (parsed.success) return parsed.data
    context.addIssue({
      code: 'custom',
      message: 'is a JSON array of strings, such as ["systemctl","restart","autentico"]',
    })
    return z.NEVER
  })

const port = z.coerce.number({ error: 'is a port number' }).int().min(0).max(65_535)
const webUrl = z.string().refine((text) => /^https?:$/.test(parseUrl(text)?.protocol ?? ''), {
  message: 'is a URL that begins with http:// or https://',
})
const redisUrl = z
  .string()
  .refine((text) => text.startsWith('/') || /^rediss?:$/.test(parseUrl(text)?.protocol ?? ''), {
    message: 'is a URL that begins with redis:// or rediss://, or the path of a unix socket',
  })
const address = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined) return undefined
    const match = /^(?:\[([\da-f:]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text)
    const host = match?.[1] ?? match?.[2]
    const number = Number(match?.[3])
    if (host !== undefined && number <= 65_535) return { host, port: number }
    context.addIssue({ code: 'custom', message: 'is a host and a port such as 127.0.0.1:9464 or [::1]:9464' })
    return z.NEVER
  })
const prefixed = (prefix: string) =>
  z
    .string()
    .startsWith(prefix, { message: `begins with ${prefix}` })
    .optional()
const text = z.string().optional()

/** Every variable that the program reads, each as what it stands for. What is wrong with one is said by its name, without its value. */
export const variables = z.object({
  ROLE: z.enum(['both', 'bot', 'worker'], { error: 'is both, bot or worker' }).default('both'),
  DATA_DIR: z.string().default('data'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'is one of trace, debug, info, warn, error, fatal, silent',
    })
    .default('info'),
  DRILL: z.enum(['0', '1'], { error: 'is 0 or 1' }).default('0'),
  SLACK_BOT_TOKEN: prefixed('xoxb-'),
  SLACK_APP_TOKEN: prefixed('xapp-'),
  SLACK_SIGNING_SECRET: text,
  SLACK_API_URL: webUrl.optional(),
  PORT: port.optional(),
  INCIDENT_CHANNEL: z
    .string()
    .regex(/^[CG][A-Z0-9]{2,}$/, {
      message: "is a channel id such as C0123ABCD, found at the end of the channel's details",
    })
    .optional(),
  RESPONDERS: rosterList,
  APPROVERS: rosterList,
  SLACK_USER_MAP: userMap,
  REDIS_URL: redisUrl.default('redis://127.0.0.1:6379'),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[\w-]{1,64}$/, { message: 'holds letters, digits, _ and - only' })
    .default('autentico-responder'),
  AUTENTICO_URL: webUrl.optional(),
  AUTENTICO_CLIENT_ID: text,
  AUTENTICO_CLIENT_SECRET: text,
  AUTENTICO_USERNAME: text,
  AUTENTICO_PASSWORD: text,
  AUTENTICO_TOTP_SECRET: z
    .string()
    .regex(/^[A-Z2-7 ]+=*$/i, { message: 'is base32, as the authenticator app was given it' })
    .optional(),
  AUTENTICO_ADMIN_TOKEN: text,
  AUTENTICO_DB_PATH: text,
  AUTENTICO_ENV_FILE: text,
  AUTENTICO_RESTART_COMMAND: command,
  STEP_UP: z.enum(['off', 'autentico'], { error: 'is off or autentico' }).default('off'),
  STEP_UP_CLIENT_ID: text,
  STEP_UP_CLIENT_SECRET: text,
  KNOWN_ADMINS: nameList,
  KNOWN_CLIENTS: nameList,
  PROXY_KIND: z.enum(['nginx', 'caddy', 'traefik'], { error: 'is nginx, caddy or traefik' }).optional(),
  PROXY_CONFIG_PATH: text,
  PROXY_TEST_COMMAND: command,
  PROXY_RELOAD_COMMAND: command,
  PROXY_UPSTREAM: webUrl.optional(),
  PROXY_PROBE_FROM: list.refine((all) => all.every((one) => isIP(one) !== 0), {
    message: 'holds addresses of this machine, separated by commas',
  }),
  PLAYBOOKS_DIR: text,
  POLICY_FILE: text,
  WORKER_ID: z
    .string()
    .regex(/^[\w.-]{1,64}$/, { message: 'holds letters, digits, . _ and - only' })
    .optional(),
  BOT_PUBLIC_KEYS_FILE: text,
  WORKER_PUBLIC_KEYS_FILE: text,
  REQUEST_TTL: duration('30m'),
  ORDER_TTL: duration('60m'),
  SWEEP_DELAY: duration('10m'),
  PENDING_LOGIN_TTL: duration('10m'),
  SECRET_TTL: duration('15m'),
  LEGAL_DEADLINE: duration('72h'),
  MESSAGE_SPACING: duration('1100ms'),
  CHECKPOINT_EVERY: z.coerce.number({ error: 'is a whole number' }).int().min(1).default(100),
  VERIFY_EVERY: duration('5m'),
  HEALTH_ADDRESS: address,
})

export type Variables = z.infer<typeof variables>

/** These may also be given as `<NAME>_FILE`, the path of a file that holds the value (Docker and systemd secrets). */
const secretNames = [
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'SLACK_SIGNING_SECRET',
  'REDIS_URL',
  'AUTENTICO_CLIENT_SECRET',
  'AUTENTICO_PASSWORD',
  'AUTENTICO_TOTP_SECRET',
  'AUTENTICO_ADMIN_TOKEN',
  'STEP_UP_CLIENT_SECRET',
] as const

/**
 * The variables that are set, with what stands in the files that they name. Empty variables count as unset: that is how compose files and
 * unit files leave things out. What is wrong with a file is added to the problems.
 */
export function withFiles(env: NodeJS.ProcessEnv, problems: string[]): Record<string, string> {
  const values = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1].trim() !== ''),
  )
  for (const name of secretNames) {
    const file = values[`${name}_FILE`]
    if (file === undefined) continue
    if (values[name] !== undefined) {
      problems.push(`${name}: given twice, as ${name} and as ${name}_FILE; keep one`)
      continue
    }
    try {
      const value = readFileSync(file, 'utf8').trim()
      if (value === '') problems.push(`${name}_FILE: the file is empty`)
      else values[name] = value
    } catch (error) {
      problems.push(
        `${name}_FILE: the file cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'})`,
      )
    }
  }
  return values
}

function isUnit(unit: string | undefined): unit is keyof typeof units {
  return unit !== undefined && Object.hasOwn(units, unit)
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
