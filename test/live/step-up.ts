import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openSignIns, type SignIn, type SignIns } from '#/autentico/sign-ins.ts'
import { rows, text } from './answer.ts'
import { matching } from './matchers.ts'
import { deviceGrant, type Peer, type Victim } from './peer.ts'

/** What an approval is stepped up with: a sign-in by the device grant, as the bot asks for it and reads it. */
export function stepUpContract(peer: () => Peer): void {
  describe('a sign-in for an approval', () => {
    beforeAll(async () => peer().settings({ device_code_polling_interval: '1' }))

    const clientOf = async (client_type: 'public' | 'confidential') => {
      const { json } = await peer().createClient({ client_type, grant_types: [deviceGrant()] })
      const clientSecret = client_type === 'public' ? undefined : text(json, 'client_secret')
      return { clientId: text(json, 'client_id'), clientSecret }
    }

    type Client = Awaited<ReturnType<typeof clientOf>>

    function signInsOf(client: Client): SignIns {
      const fault = (error: unknown): void => expect(error).toBeUndefined()
      const signIns = openSignIns({ url: peer().url, client, notRevoked: fault, broke: fault })
      onTestFinished(async () => signIns[Symbol.asyncDispose]())
      return signIns
    }
    const begin = async (client: Client): Promise<SignIn> => signInsOf(client).begin()

    /** What the person does at Autentico's own page. */
    async function answer(victim: Victim, signIn: SignIn, way: 'authorize' | 'deny'): Promise<void> {
      const { json } = await peer().grant(victim)
      const headers = { Authorization: `Bearer ${text(json, 'access_token')}` }
      const sent = { headers, body: { user_code: signIn.userCode } }
      const seen = await peer().send('POST', '/account/api/device/verify', sent)
      expect(seen).toMatchObject({ status: 200, json: { user_code: signIn.userCode, scope: 'openid profile email' } })
      expect((await peer().send('POST', `/account/api/device/${way}`, sent)).status).toBe(200)
      expect((await peer().send('POST', `/account/api/device/${way}`, sent)).status).toBe(409)
    }

    test.each(['public', 'confidential'] as const)(
      'at a %s client says who it is, by an ID token that can be verified, and leaves no token that lives',
      async (kind) => {
        const victim = await peer().victim()
        const client = await clientOf(kind)
        const signIn = await begin(client)
        expect(signIn).toMatchObject({
          link: `${peer().url}/account/device`,
          linkWithCode: `${peer().url}/account/device/${signIn.userCode}`,
        })
        await answer(victim, signIn, 'authorize')
        expect(await signIn.ended).toEqual({
          kind: 'signed-in',
          who: {
            iss: `${peer().url}/oauth2`,
            aud: client.clientId,
            sub: victim.id,
            authTime: expect.any(Number) as unknown,
            username: victim.username,
            email: victim.email.toLowerCase(),
            emailVerified: false,
            digest: matching(/^[0-9a-f]{64}$/),
          },
        })
        const { json } = await peer().api('GET', `/tokens?search=${victim.username}&limit=100`)
        const given = rows(json, 'data', 'items').filter((row) => row['grant_type'] === deviceGrant())
        expect(given.map(({ status }) => status)).toEqual(['revoked'])
      },
    )

    test('says that the address is verified once it is', async () => {
      const victim = await peer().victim()
      await peer().api('PUT', `/users/${victim.id}`, { is_email_verified: true })
      const signIn = await begin(await clientOf('public'))
      await answer(victim, signIn, 'authorize')
      expect(await signIn.ended).toMatchObject({ who: { emailVerified: true } })
    })

    test('tells in auth_time when the token was given; when the browser signed in, the list of logins tells', async () => {
      const victim = await peer().victim()
      await peer().browser().login(victim.username, victim.password)
      const { json } = await peer().api('GET', `/users/${victim.id}/idp-sessions`)
      const login = Date.parse(text(rows(json, 'data')[0], 'created_at')) / 1_000
      // The next second has begun.
      await expect.poll(() => Math.floor(Date.now() / 1_000), { interval: 20 }).toBeGreaterThan(login)
      const signIn = await begin(await clientOf('public'))
      await answer(victim, signIn, 'authorize')
      const end = await signIn.ended
      expect(end.kind === 'signed-in' && end.who.authTime > login).toBe(true)
      const after = await peer().api('GET', `/users/${victim.id}/idp-sessions`)
      expect(rows(after.json, 'data').map(({ created_at }) => created_at)).toEqual([
        text(rows(json, 'data')[0], 'created_at'),
      ])
    })

    test('that the person turns down ends with that', async () => {
      const victim = await peer().victim()
      const signIn = await begin(await clientOf('public'))
      await answer(victim, signIn, 'deny')
      expect(await signIn.ended).toEqual({ kind: 'denied' })
    })

    test('is not begun by a client without the grant', async () => {
      const { json } = await peer().createClient({ client_type: 'public', grant_types: ['authorization_code'] })
      const client = { clientId: text(json, 'client_id'), clientSecret: undefined }
      await expect(begin(client)).rejects.toMatchObject({ name: 'AutenticoRejected', code: 'unauthorized_client' })
      expect(await signInsOf(client).trouble()).toContain('may not use the device grant')
    })

    test('can be asked about without being begun', async () => {
      expect(await signInsOf(await clientOf('public')).trouble()).toBeUndefined()
      const { clientId } = await clientOf('confidential')
      expect(await signInsOf({ clientId, clientSecret: 'wrong' }).trouble()).toContain('does not accept it')
    })
  })
}
