import { createHash } from 'node:crypto'
import { z } from 'zod'
import { audit } from './audit-log.ts'
import { type AuthorizeParams, readParams } from './authorize-params.ts'
import { readBody } from './body.ts'
import type { Route } from './router.ts'
import { backToLogin, deviceCookie, finishSignIn, formPage, refuseForged } from './sign-in.ts'
import { programTime, readTime, sqlTime } from './time.ts'
import { createTotpSecret, isTotpCode } from './totp.ts'
import { findUser, type UserRow } from './users.ts'
import { type Call, type Reply, refuse } from './wire.ts'
import type { World } from './world.ts'

/** The second-factor page. */
export function mfaRoutes(world: World): readonly Route[] {
  return [
    ['GET', '/oauth2/mfa', (call) => show(world, call)],
    ['POST', '/oauth2/mfa', (call) => submit(world, call)],
  ]
}

type ChallengeRow = {
  readonly id: string
  readonly user_id: string
  readonly method: string
  readonly code: string
  readonly login_state: string
  readonly expires_at: string
  readonly used: number
  readonly failed_attempts: number
}

const maxFailures = 5
const lost = 'Verification session not found. Please log in again.'
const expired = 'Verification session has expired. Please log in again.'

function findChallenge(world: World, id: string): ChallengeRow | undefined {
  return world.db.prepare<[string], ChallengeRow>('SELECT * FROM mfa_challenges WHERE id = ?').get(id)
}

function isOver(world: World, challenge: ChallengeRow): boolean {
  return challenge.used === 1 || (readTime(challenge.expires_at) ?? new Date(0)) < world.now()
}

function paramsOf(challenge: ChallengeRow | undefined): AuthorizeParams {
  const state = readBody(challenge?.login_state ?? '{}', z.record(z.string(), z.string())) ?? {}
  return readParams(new URLSearchParams(state))
}

/** Anyone who comes here with the password and without an authenticator enrolled is shown a secret to enrol. */
function show(world: World, call: Call): Reply {
  const id = call.query.get('challenge_id') ?? ''
  if (id === '') return refuse(400, 'invalid_request', 'Missing challenge_id')
  const challenge = findChallenge(world, id)
  if (challenge === undefined) return backToLogin(paramsOf(undefined), lost)
  if (isOver(world, challenge)) return backToLogin(paramsOf(challenge), expired)
  const user = findUser(world, challenge.user_id)
  if (user === undefined) return backToLogin(paramsOf(challenge), 'Something went wrong. Please log in again.')
  return codePage(world, call, challenge, { isEnrolled: user.totp_verified === 1 || challenge.method !== 'totp' })
}

function codePage(
  world: World,
  call: Call,
  challenge: ChallengeRow,
  page: { isEnrolled: boolean; error?: string },
): Reply {
  return formPage(world, call, {
    title: page.isEnrolled ? 'Verification' : 'Set up your authenticator',
    action: '/oauth2/mfa',
    error: page.error ?? '',
    hidden: [
      ['challenge_id', challenge.id],
      ...(page.isEnrolled ? [] : [['totp_secret', createTotpSecret()] as const]),
    ],
    inputs: ['code', 'trust_device'],
  })
}

function submit(world: World, call: Call): Reply {
  const forged = refuseForged(world, call)
  if (forged !== undefined) return forged
  const challenge = findChallenge(world, call.form.get('challenge_id') ?? '')
  if (challenge === undefined) return backToLogin(paramsOf(undefined), lost)
  if (isOver(world, challenge)) return backToLogin(paramsOf(challenge), expired)
  const user = findUser(world, challenge.user_id)
  if (user === undefined) return backToLogin(paramsOf(challenge), 'Something went wrong. Please log in again.')
  const refused = verdict(world, call, challenge, user)
  if (refused !== undefined) return refused

  world.db.prepare('UPDATE mfa_challenges SET used = 1 WHERE id = ?').run(challenge.id)
  const detail = { method: challenge.method }
  audit(world, call, { event: 'mfa_success', actor: user, target: ['user', user.id], detail })
  const device = trustDevice(world, call, user)
  const reply = finishSignIn(world, call, user.id, paramsOf(challenge))
  if (device === undefined) return reply
  return { ...reply, headers: { ...reply.headers, 'Set-Cookie': [String(reply.headers['Set-Cookie']), device] } }
}

/**
 * Judges by the user's state now, not by that at the time of the challenge: if TOTP has been reset meanwhile, a secret
 * that comes with the form is accepted, saved, and completes the login.
 */
function verdict(world: World, call: Call, challenge: ChallengeRow, user: UserRow): Reply | undefined {
  const code = call.form.get('code') ?? ''
  if (challenge.method === 'totp' && user.totp_verified !== 1) return enrol(world, call, challenge, user)
  const isRight =
    challenge.method === 'totp'
      ? isTotpCode(user.totp_secret, code, world.now())
      : challenge.code !== '' && createHash('sha256').update(code).digest('hex') === challenge.code
  if (isRight) return undefined

  world.db.prepare('UPDATE mfa_challenges SET failed_attempts = failed_attempts + 1 WHERE id = ?').run(challenge.id)
  audit(world, call, {
    event: 'mfa_failed',
    actor: user,
    target: ['user', user.id],
    detail: { method: challenge.method },
  })
  if (challenge.failed_attempts + 1 < maxFailures) {
    return codePage(world, call, challenge, { isEnrolled: true, error: 'Invalid verification code' })
  }
  world.db.prepare('UPDATE mfa_challenges SET used = 1 WHERE id = ?').run(challenge.id)
  return backToLogin(paramsOf(challenge), 'Too many failed attempts. Please log in again.')
}

function enrol(world: World, call: Call, challenge: ChallengeRow, user: UserRow): Reply | undefined {
  const secret = call.form.get('totp_secret') ?? ''
  if (secret === '') return codePage(world, call, challenge, { isEnrolled: false, error: 'Missing TOTP secret' })
  if (!isTotpCode(secret, call.form.get('code') ?? '', world.now())) {
    const detail = { method: 'totp', phase: 'enrollment' }
    audit(world, call, { event: 'mfa_failed', actor: user, target: ['user', user.id], detail })
    return codePage(world, call, challenge, { isEnrolled: false, error: 'Invalid verification code' })
  }
  saveTotp(world, user.id, secret)
  audit(world, call, { event: 'mfa_enrolled', actor: user, target: ['user', user.id], detail: { method: 'totp' } })
  return undefined
}

/** Makes a secret the user's verified one. */
export function saveTotp(world: World, userId: string, secret: string): void {
  world.db
    .prepare('UPDATE users SET totp_secret = ?, totp_verified = 1, two_factor_enabled = 1 WHERE id = ?')
    .run(secret, userId)
}

/** The cookie of a browser that need not be asked again, when the user wants that and the instance allows it. */
function trustDevice(world: World, call: Call, user: UserRow): string | undefined {
  if (!world.settings.flag('trust_device_enabled') || call.form.get('trust_device') !== 'on') return undefined
  const id = world.ids.secret()
  const ms = world.settings.duration('trust_device_expiration')
  const at = sqlTime(world.now())
  world.db
    .prepare(
      `INSERT INTO trusted_devices (id, user_id, device_name, created_at, last_used_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(id, user.id, call.userAgent.slice(0, 200), at, at, programTime(new Date(world.now().getTime() + ms)))
  return `${deviceCookie}=${id}; Path=/oauth2; Max-Age=${Math.floor(ms / 1000)}; HttpOnly; SameSite=Strict`
}
