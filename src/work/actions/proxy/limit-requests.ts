import type { ActionName } from '#/playbook/playbook.ts'
import { byHand } from '#/proxy/by-hand.ts'
import { caddyLimits } from '#/proxy/command.ts'
import { type Limits, readLimits } from '#/proxy/limits.ts'
import { written } from '#/proxy/networks.ts'
import { isWell, type Probe, probe, whyNot } from '#/proxy/probe.ts'
import { render } from '#/proxy/render.ts'
import { type ProxyKind, proxyKinds, type Rendered } from '#/proxy/rendered.ts'
import { readSite, type Site } from '#/proxy/site.ts'
import { type ActionContext, CannotBeDone, type Done, type Proof } from '../action.ts'
import { evidence } from '../evidence.ts'
import { actingOnWhole } from '../whole.ts'
import { utc } from '../words.ts'

const name: ActionName = 'limit-requests'

type Seen = {
  readonly kind: ProxyKind
  /** The proxy is the worker's own to change. */
  readonly own: boolean
  readonly limits: Limits
  readonly notes: readonly string[]
  readonly site: Site
  readonly rendered: Rendered
}

/**
 * Limits requests and lets only the named networks reach the admin API, at the reverse proxy. Where the proxy is the worker's to
 * change, its own checker tests the file first, and what does not hold when it is live is taken back by itself; so is what nobody
 * keeps in time. Elsewhere people get the file, and what they did with it is probed.
 */
export const limitRequests = actingOnWhole<Seen>({
  name,
  look: readWish,
  effect: ({ own, kind, limits, notes, site }, { times }) => ({
    sentence: `${own ? `limit requests at ${proxyName[kind]}` : `hand over a file for ${proxyName[kind]} that limits requests`} to ${limits.rate.requests} a ${limits.rate.per} for each address (burst ${limits.burst}), and let ${limits.allowed.length === 0 ? 'nobody' : `only ${limits.allowed.map(written).join(', ')}`} reach the admin API at ${site.url}.`,
    question: own
      ? `Change ${proxyName[kind]}? It is tested first, and taken back by itself after ${Math.round(times.proxyMs / 60_000)} minutes unless the next step keeps it.`
      : `Hand over a file for ${proxyName[kind]}? Nothing is changed until somebody puts it in place.`,
    verb: own ? 'Limit them' : 'Hand it over',
    warnings: [
      ...notes,
      ...(own
        ? []
        : [
            'This worker cannot change that proxy: the file comes into the thread with what to do, and this step is tried again once it is in place.',
          ]),
    ],
    basis: { proxy: kind, own, limits: words(limits), site: site.url },
  }),
  execute: async (ctx, seen) => (seen.own ? applied(ctx, seen) : handedOver(ctx, seen)),
  again: async (ctx) => {
    const seen = await readWish(ctx)
    return proofs(name, await probed(ctx, seen, true), seen.rendered)
  },
})

const proxyName: Readonly<Record<ProxyKind, string>> = { nginx: 'nginx', caddy: 'Caddy', traefik: 'Traefik' }

/** What was asked for, and the files that it means. Reads nothing of the proxy. */
export async function readWish({ autentico, reach, order }: ActionContext): Promise<Seen> {
  const { proxy: chosen = 'configured', rate = '', burst = '', networks = '' } = order.inputs ?? {}
  const read = readLimits({ requests: rate, per: 'second', burst, networks })
  if (read.kind === 'unusable')
    throw new CannotBeDone(read.problems.map(({ sentence }) => sentence).join(' '), { retry: true })
  const { proxy } = reach
  const own = proxy !== undefined && (chosen === 'configured' || chosen === proxy.kind)
  const kind = own ? proxy.kind : proxyKinds.find((one) => one === chosen)
  if (kind === undefined) {
    throw new CannotBeDone(
      'This worker is configured for no proxy (PROXY_KIND). Ask again and choose nginx, Caddy or Traefik: you get the file to put in place.',
      { retry: true },
    )
  }
  const site = siteOf(await autentico.addresses(), reach, kind)
  const limitsOfCaddy =
    kind === 'caddy' && own && proxy.testCommand !== undefined && (await caddyLimits(proxy.testCommand))
  const rendered = render({ kind, limits: read.limits, site, caddyLimits: limitsOfCaddy || !own })
  return { kind, own, limits: read.limits, notes: read.notes, site, rendered }
}

function siteOf(
  { issuer, oauthPath, url }: Awaited<ReturnType<ActionContext['autentico']['addresses']>>,
  { proxy, upstream }: ActionContext['reach'],
  kind: ProxyKind,
): Site {
  const outside = new URL(issuer).origin
  const inside = upstream ?? url
  if (new URL(inside).origin === outside) {
    throw new CannotBeDone(
      'The worker reaches Autentico by the same address as everybody, so where the proxy is to send requests is not known. Set PROXY_UPSTREAM on the worker.',
      { retry: true },
    )
  }
  const configPath = proxy?.configPath ?? `/etc/${kind}/autentico-responder.conf`
  const read = readSite({ url: outside, upstream: new URL(inside).origin, oauthPath, configPath })
  if (read.kind === 'unusable') throw new CannotBeDone(read.problems.join(' '), { retry: true })
  return read.site
}

async function applied(ctx: ActionContext, seen: Seen): Promise<Done> {
  const { reach, progress, now, times } = ctx
  if (reach.proxy === undefined) throw new Error('there is no proxy to change')
  const wellBefore = progress.note('wellBefore') === 'yes' || (await isWell(seen.site.url))
  await progress.remember('wellBefore', wellBefore ? 'yes' : 'no')
  await progress.fence()
  let last: Probe | undefined
  const done = await reach.proxy.proxy.apply({
    rendered: seen.rendered,
    until: new Date(now().getTime() + times.proxyMs),
    check: async () => {
      last = await probed(ctx, seen, wellBefore)
      const why = whyNot(last)
      return why === undefined ? { good: true } : { good: false, sentence: why }
    },
  })
  if (done.kind !== 'applied') throw new CannotBeDone(done.sentence, { retry: true })
  return {
    did: [`Limited requests at ${proxyName[seen.kind]} and restricted the admin API.`, done.sentence],
    prove: async () => proofs(name, last ?? (await probed(ctx, seen, wellBefore)), seen.rendered),
    known: { proxyInputs: JSON.stringify(ctx.order.inputs ?? {}), proxyUntil: done.until.toISOString() },
  }
}

/** People put it in place; what can be seen of it is probed each time that the step is tried. */
async function handedOver(ctx: ActionContext, seen: Seen): Promise<Done> {
  const files = seen.rendered.files.map(({ path, text }, index) => {
    const file = evidence(ctx, `${seen.kind}-${index + 1}.conf`, Buffer.from(text, 'utf8'))
    return { file, title: `For ${proxyName[seen.kind]}: save it as ${path}` }
  })
  const result = await probed(ctx, seen, await isWell(seen.site.url))
  return {
    did: [`Rendered the file for ${proxyName[seen.kind]}.`, ...byHand(seen.rendered, seen.site)],
    // What people have yet to put in place is not waited for here.
    prove: () =>
      Promise.resolve(
        proofs(name, result, seen.rendered).map((check) => ({ ...check, proven: check.proven === true || 'unknown' })),
      ),
    known: { proxyInputs: JSON.stringify(ctx.order.inputs ?? {}) },
    evidence: files.map(({ file }) => file),
    files: files.map(({ file, title }) => ({ name: file.name, digest: file.digest, title, privateOnly: false })),
  }
}

async function probed(
  { autentico, reach }: ActionContext,
  { site, limits, rendered }: Seen,
  wellBefore: boolean,
): Promise<Probe> {
  const { url } = await autentico.addresses()
  return probe({
    site,
    limits,
    rendered,
    wellBefore,
    needsAdmin: new URL(url).origin === site.url,
    ...(reach.probeFrom === undefined ? {} : { from: reach.probeFrom }),
  })
}

/** Everything that the probe looked at. What cannot be observed from here is not proven. */
export function proofs(
  action: ActionName,
  found: Probe,
  { limitsRequests }: Pick<Rendered, 'limitsRequests'>,
): readonly Proof[] {
  const { live, health, limit, outside, inside, forwardedFor } = found
  const parts = { live, health, ...(limitsRequests ? { limit } : {}), outside, inside, 'forwarded-for': forwardedFor }
  const checks = Object.entries(parts).map(
    ([part, { kind, sentence }]): Proof => ({
      action,
      name: `proxy-${part}`,
      proven: kind === 'unknown' ? 'unknown' : kind === 'proven',
      detail: sentence,
    }),
  )
  return limitsRequests
    ? checks
    : [
        ...checks,
        {
          action,
          name: 'proxy-limit',
          proven: 'unknown',
          detail: 'This Caddy has no module that limits requests, so only the admin API is restricted.',
        },
      ]
}

function words({ rate, burst, allowed }: Limits): string {
  return `${rate.requests}/${rate.per} burst ${burst}, admin API for ${allowed.map(written).join(' ') || 'nobody'}`
}

export function takenBackAt(until: string | undefined): string {
  return until === undefined ? 'soon' : utc(until)
}
