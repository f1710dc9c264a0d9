import { networkInterfaces } from 'node:os'
import type { Answer, Ask } from './ask.ts'
import { disproved, type Finding, proven, unknown, words } from './finding.ts'
import { contains, type Network } from './networks.ts'
import type { ProbeOptions } from './probe-options.ts'
import { adminPaths } from './rendered.ts'

/** Asks from every address that was given, by every spelling of a path that could get around the list. */
export async function adminSeen(
  options: ProbeOptions,
  ask: Ask,
): Promise<{ readonly inside: Finding; readonly outside: Finding }> {
  const seen: Seen[] = []
  for (const from of options.from ?? [undefined]) seen.push(...(await seenFrom(options, ask, from)))
  return { inside: isReached(options, seen), outside: isRefused(options, seen) }
}

type Seen = {
  readonly answer: Answer
  readonly spelling: string
  /** Undefined where the address that the proxy sees may be another one than this machine's. */
  readonly allowed: boolean | undefined
}

async function seenFrom({ site, limits }: ProbeOptions, ask: Ask, from: string | undefined): Promise<readonly Seen[]> {
  const [admin, register] = adminPaths(site)
  const spellings = [
    { path: `${admin}/api/users` },
    { path: `/${admin}/api/users` },
    { path: `${admin.replace('a', '%61')}/api/users` },
    { path: `/x/..${admin}/api/users` },
    // Registers clients, for administrators only.
    { path: register, method: 'POST' },
  ] as const
  const answers = await Promise.all(
    spellings.map(async (spelling) => ({ spelling, answer: await ask({ from, ...spelling }) })),
  )
  return answers.flatMap(({ spelling, answer }) => {
    if (answer === undefined) return []
    const nobody = limits.allowed.length === 0
    const allowed = nobody ? false : isDirect(answer) ? contains(limits.allowed, answer.local) : undefined
    return [{ answer, spelling: spelling.path, allowed }]
  })
}

function isReached({ site, needsAdmin, wellBefore }: ProbeOptions, seen: readonly Seen[]): Finding {
  const plain = seen.filter(({ spelling }) => spelling === `${adminPaths(site)[0]}/api/users`)
  const reached = plain.find(({ answer }) => isAutenticos401(answer))
  if (reached !== undefined) return proven(`The admin API can be reached from ${reached.answer.local}.`)
  // An Autentico that was ill before need not answer. Only a refusal is then the proxy's doing.
  const isOurDoing = ({ answer }: Seen) => wellBefore || answer.status === 403
  const barred = plain.find((one) => one.allowed === true && isOurDoing(one))
  if (barred !== undefined) {
    return disproved(
      `The admin API cannot be reached from ${barred.answer.local}, which is allowed: it ${words(barred.answer)}.`,
    )
  }
  if (needsAdmin && plain.length > 0 && plain.every(isOurDoing)) {
    return disproved(
      'This bot itself no longer reaches the admin API, so it could do nothing more. Add its address to the networks.',
    )
  }
  return unknown(
    'From no address of this bot that is allowed does the admin API answer, so whether it can be reached was not seen.',
  )
}

function isRefused({ limits }: ProbeOptions, seen: readonly Seen[]): Finding {
  const through = seen.find(({ answer, allowed }) => allowed === false && isAutenticos401(answer))
  if (through !== undefined) {
    return disproved(
      `${through.answer.local} is not allowed and reaches the admin API all the same, at ${through.spelling}.`,
    )
  }
  const refused = seen.filter(({ answer }) => answer.status === 403)
  const [one] = refused.filter(({ allowed }) => allowed !== true)
  if (one !== undefined) {
    return proven(
      `The admin API is refused to ${one.answer.local}${one.allowed === false ? ', which is not allowed' : ''}.`,
    )
  }
  if (seen.length === 0) return unknown('Nothing answered, so nobody has tried whether others reach the admin API.')
  if (limits.allowed.length === 0) return disproved('The admin API is not refused, though nobody is allowed.')
  return unknown(
    'Every address that this bot can ask from may reach the admin API, so nobody has tried whether others cannot. Try it from outside: /admin/ has to answer 403.',
  )
}

/** Without a token Autentico's admin API says 401 and asks for a bearer. A proxy that refuses says 403. */
function isAutenticos401({ status, headers }: Answer): boolean {
  return status === 401 && String(headers['www-authenticate'] ?? '').startsWith('Bearer')
}

/** Both ends are in one network of this machine's, so nothing between them changes addresses. */
function isDirect({ local, remote }: Answer): boolean {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return own.some(({ cidr, family }) => {
    const [address = '', prefix] = (cidr ?? '').split('/')
    const network: Network = { family: family === 'IPv4' ? 'ipv4' : 'ipv6', address, prefix: Number(prefix) }
    return prefix !== undefined && contains([network], local) && contains([network], remote)
  })
}
