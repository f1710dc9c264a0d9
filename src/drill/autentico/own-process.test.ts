import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { type AutenticoProcess, type OwnProcessOptions, startAutenticoProcess } from './own-process.ts'

async function start(options: Partial<OwnProcessOptions> = {}): Promise<AutenticoProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'autentico-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const autentico = await startAutenticoProcess({ dir, seed: 'empty', ...options })
  onTestFinished(autentico.stop)
  return autentico
}

/** As the worker runs it: a program and its arguments, no shell. */
async function runCommand([program = '', ...args]: readonly string[]): Promise<void> {
  await promisify(execFile)(program, args)
}

async function publishedKey({ url }: AutenticoProcess): Promise<unknown> {
  const response = await fetch(`${url}/oauth2/.well-known/jwks.json`, { headers: { Connection: 'close' } })
  const { keys } = (await response.json()) as { readonly keys: readonly unknown[] }
  return keys[0]
}

async function signIn({ url, credentials }: AutenticoProcess): Promise<{ readonly access_token: string }> {
  const { clientId, clientSecret, username, password } = credentials
  const response = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      Connection: 'close',
    },
    body: new URLSearchParams({ grant_type: 'password', username, password }),
  })
  return (await response.json()) as { readonly access_token: string }
}

async function statsStatus({ url }: AutenticoProcess, token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}`, Connection: 'close' }
  return (await fetch(`${url}/admin/api/stats`, { headers })).status
}

function setVariable(file: string, name: string, value: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`))
}

test('the restart command brings it back at the same address, with its tokens and its control token', async () => {
  const autentico = await start({ controlToken: '-begins-like-an-option' })
  const { access_token } = await signIn(autentico)
  const before = await publishedKey(autentico)
  await runCommand(autentico.restartCommand)
  expect(await statsStatus(autentico, access_token)).toBe(200)
  expect(await publishedKey(autentico)).toEqual(before)
  const calls = await fetch(`${autentico.url}/_control/calls`, {
    headers: { Authorization: `Bearer ${autentico.controlToken}`, Connection: 'close' },
  })
  expect(await calls.json()).toMatchObject({ data: [{ path: '/admin/api/stats' }] })
})

test('what was changed in the environment file counts from the restart on, not before', async () => {
  const autentico = await start()
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const before = await publishedKey(autentico)
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' })
  setVariable(autentico.environmentFile, 'AUTENTICO_PRIVATE_KEY', Buffer.from(pem).toString('base64'))
  setVariable(autentico.environmentFile, 'AUTENTICO_JWK_CERT_KEY_ID', 'key-2')
  expect(await publishedKey(autentico)).toEqual(before)
  await runCommand(autentico.restartCommand)
  expect(await publishedKey(autentico)).toMatchObject({ kid: 'key-2', n: privateKey.export({ format: 'jwk' }).n })
  expect(readFileSync(autentico.logFile, 'utf8')).not.toContain('WARN')
})

test('a variable of the process wins over the file, at a restart too', async () => {
  const autentico = await start({ env: { AUTENTICO_JWK_CERT_KEY_ID: 'from-outside' } })
  expect(await publishedKey(autentico)).toMatchObject({ kid: 'from-outside' })
  setVariable(autentico.environmentFile, 'AUTENTICO_JWK_CERT_KEY_ID', 'key-2')
  await runCommand(autentico.restartCommand)
  expect(await publishedKey(autentico)).toMatchObject({ kid: 'from-outside' })
})

test('a key it cannot read is named in the log, and another one is published', async () => {
  const autentico = await start()
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  setVariable(autentico.environmentFile, 'AUTENTICO_PRIVATE_KEY', Buffer.from(pem).toString('base64'))
  await autentico.restart()
  expect(await publishedKey(autentico)).not.toMatchObject({ n: privateKey.export({ format: 'jwk' }).n })
  expect(readFileSync(autentico.logFile, 'utf8')).toContain('AUTENTICO_PRIVATE_KEY is set but could not be decoded')
})

test('without a secret it does not come up, the command fails, and with the secret it comes up again', async () => {
  const autentico = await start()
  const { environmentFile, restartCommand, url } = autentico
  const whole = readFileSync(environmentFile, 'utf8')
  setVariable(environmentFile, 'AUTENTICO_REFRESH_TOKEN_SECRET', '')
  await expect(runCommand(restartCommand)).rejects.toThrow('AUTENTICO_REFRESH_TOKEN_SECRET must be set')
  await expect(fetch(url)).rejects.toThrow('fetch failed')
  writeFileSync(environmentFile, whole)
  await runCommand(restartCommand)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
})

test('stopped, it can be started again, and nothing is left when it is stopped for good', async () => {
  const autentico = await start()
  await autentico.stop()
  await expect(fetch(autentico.url)).rejects.toThrow('fetch failed')
  await autentico.restart()
  expect((await fetch(`${autentico.url}/healthz`)).status).toBe(200)
  await autentico.stop()
  await autentico.stop()
  await expect(fetch(autentico.url)).rejects.toThrow('fetch failed')
})

test('what it leaves in its folder only its owner reads', async () => {
  const { environmentFile, logFile } = await start()
  for (const file of [environmentFile, logFile, join(environmentFile, '../running.json')])
    expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('it ends with the process that started it, also after a restart', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'autentico-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const program = `
    import { startAutenticoProcess } from ${JSON.stringify(join(import.meta.dirname, 'own-process.ts'))}
    const autentico = await startAutenticoProcess({ dir: ${JSON.stringify(dir)}, seed: 'empty' })
    await autentico.restart()
    console.log(autentico.url)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  const isUp = async (): Promise<boolean> =>
    fetch(stdout.trim(), { redirect: 'manual', headers: { Connection: 'close' } }).then(
      () => true,
      () => false,
    )
  await expect.poll(isUp, { timeout: 10_000 }).toBe(false)
})
