import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guessPasswords } from '#/drill/autentico/intruder.ts'
import { portalClientId } from '#/drill/autentico/seed.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Submitted } from '#/drill/slack/acts/seen.ts'
import type { Stage } from '#/drill/stage.ts'
import { inputField } from '#/slack/references.ts'
import { signIn } from '../../support/autentico-visits.ts'
import { freePort } from '../../support/free-port.ts'
import {
  type Case,
  complaintsOf,
  expectFault,
  openUnder,
  quickStage,
  quickTempo,
  responder,
} from '../../support/incident-flow.ts'
import { missingProxy, type RealProxy, startNginx } from '../../support/real-proxy.ts'

// Left out where there is no nginx.
const missing = missingProxy('nginx')

describe.skipIf(missing !== undefined)('an attack on Autentico behind a real nginx', () => {
  let stage: Stage
  let nginx: RealProxy
  let program: Program
  let incident: Case
  let typo: Submitted

  /** The attack goes on while people answer it: passwords are guessed, and the proxy's own configuration is broken at first. */
  beforeAll(async () => {
    const port = await freePort()
    stage = await quickStage({
      // The limit is proven by a burst; that of the step has to be over by the sweep.
      tempo: { ...quickTempo, sweepDelay: '8s' },
      autentico: { rateLimit: true, variables: { AUTENTICO_APP_URL: `http://127.0.0.1:${port}` } },
    })
    nginx = await startNginx({ upstream: stage.autentico.url, port })
    program = await startProgram({ ...stage.env, ...proxyVariables(nginx) })
    await attack(['user-001', 'user-002'])
    incident = await openUnder(stage, 'denial-of-service', { summary: 'Sign-in is slow, and people are locked out' })

    await incident.as('ana').pressWhenThere('Ask for step 1…')
    typo = await incident.as('ana').fillIn('Ask for step 1', { [networks]: '127.0.0.1, 203.0.113.0/33' })
    await incident.as('ana').actor.close()
    await limitRequests()
    await incident.run(2)
    await incident.begin(3)
    await unlock()
    await incident.untilContained()
    await incident.close('The attack has stopped')
    await incident.as('ana').reads(/closed, contained/)
  })

  afterAll(async () => {
    await program[Symbol.asyncDispose]()
    await nginx[Symbol.asyncDispose]()
    await stage[Symbol.asyncDispose]()
  })

  const networks = 'Networks that may reach the admin API'

  async function attack(usernames: readonly string[]): Promise<void> {
    const redirectUri = 'http://localhost:3000/callback'
    await guessPasswords({ url: stage.autentico.url, clientId: portalClientId, redirectUri, usernames, times: 5 })
  }

  /** Somebody has left a line in nginx's configuration that it does not take: nothing is changed until that is mended. */
  async function limitRequests(): Promise<void> {
    const left = join(nginx.folder, 'conf.d', 'left.conf')
    writeFileSync(left, 'limit_everything;\n')
    await incident.askWith(1, { [networks]: '127.0.0.1', 'Requests that may come at once': '40' })
    await incident.approve()
    await incident.happens('StepFailed')
    rmSync(left)
    await incident.askWith(1, { [networks]: '127.0.0.1', 'Requests that may come at once': '40' })
    await incident.approve()
    await incident.untilProven(1)
  }

  /** While the request waits, another account is locked: whoever approves is shown it. */
  async function unlock(): Promise<void> {
    await incident.ask(4)
    await attack(['user-003'])
    await incident.approve()
    await incident.happens('ApprovalVoided')
    await incident.approve()
    await incident.untilProven(4)
  }

  test('both measures are proven at the proxy, what is locked is unlocked, and it is contained', () => {
    const { status, containedAt, steps, playbook } = incident.state()
    expect(status).toBe('closed')
    expect(containedAt).toBeDefined()
    expect(playbook.steps.map(({ id }) => steps.get(id)?.status)).toEqual(['proven', 'proven', 'proven', 'proven'])
  })

  test('a network that is none stays in the form, with a sentence under it', () => {
    expectFault(typo, inputField('networks'), /203\.0\.113\.0\/33/)
  })

  test('a configuration that nginx does not take is told with its own words, and nothing was changed', () => {
    const [failed] = incident.entries('StepFailed')
    expect(failed?.event).toMatchObject({ step: 'limit-requests', retry: true })
    expect(failed?.event.sentence).toContain('limit_everything')
  })

  test('only the named networks reach the admin API, and what exceeds the limit is turned away', async () => {
    expect(await statusFrom('127.0.0.1', '/admin/api/users')).toBe(401)
    expect(await statusFrom('127.0.0.2', '/admin/api/users')).toBe(403)
    const statuses = await Promise.all(
      Array.from({ length: 80 }, async () => statusFrom('127.0.0.3', '/oauth2/authorize')),
    )
    expect(statuses.filter((status) => status === 429 || status === 503).length).toBeGreaterThan(10)
  })

  test('the change stays, since two people kept it', () => {
    expect(incident.words()).toMatch(/taken back at .* unless somebody keeps them/)
    expect(existsSync(nginx.site.configPath)).toBe(true)
    expect(readFileSync(nginx.site.configPath, 'utf8')).toContain('limit_req')
  })

  test('whoever was locked out by the attack signs in again, the one of the last moment too', async () => {
    const [voided] = incident.entries('ApprovalVoided')
    expect(voided?.event.differences).toEqual(['Autentico now has 3 locked accounts, not 2.'])
    // Autentico's own limiter counts the attack and these together.
    // Its own limiter has counted the attack, and forgets it so.
    await stage.autentico.restart()
    for (const username of ['user-001', 'user-002', 'user-003'])
      expect((await signIn(stage, username)).token).toBeDefined()
  })

  test('the running limits of Autentico are told, and that the address they go by can be written by anybody', () => {
    const words = incident.words()
    expect(words).toMatch(/An account is locked for .* after 5 wrong passwords/)
    expect(words).toContain('the proxy has to overwrite it')
  })

  test('none of it made the program complain, and the ledger is verified', async () => {
    expect(complaintsOf(program)).toEqual([])
    expect((await responder(stage, 'verify')).code).toBe(0)
  })

  /** What somebody at this address of the machine is answered through the proxy. */
  async function statusFrom(localAddress: string, path: string): Promise<number | undefined> {
    const asking = request(new URL(path, nginx.site.url), { localAddress, agent: false }).end()
    const [response] = (await once(asking, 'response')) as [{ readonly statusCode?: number; resume: () => void }]
    response.resume()
    return response.statusCode
  }
})

function proxyVariables({ setup, site }: RealProxy): Readonly<Record<string, string>> {
  return {
    PROXY_KIND: setup.kind,
    PROXY_CONFIG_PATH: site.configPath,
    PROXY_TEST_COMMAND: JSON.stringify(setup.testCommand),
    PROXY_RELOAD_COMMAND: JSON.stringify(setup.reloadCommand),
    PROXY_PROBE_FROM: '127.0.0.1,127.0.0.2',
  }
}
