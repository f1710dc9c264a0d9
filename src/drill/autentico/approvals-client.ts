import { z } from 'zod'
import { deviceGrant } from './grant.ts'
import type { BotCredentials } from './seed.ts'

export const approvalsClientId = 'incident-approvals'

/** Registers the client that approvers sign in through, by the admin API, the way that docs/operating.md tells operators to. */
export async function registerApprovalsClient(autentico: {
  readonly url: string
  readonly credentials: BotCredentials
}): Promise<void> {
  const { url, credentials } = autentico
  const { clientId, clientSecret, username, password } = credentials
  const granted = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'password', username, password }),
  })
  const { access_token } = z.object({ access_token: z.string() }).parse(await granted.json())
  const made = await fetch(`${url}/admin/api/clients`, {
    method: 'POST',
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: approvalsClientId,
      client_name: 'Approvals of the incident bot',
      client_type: 'public',
      redirect_uris: ['http://localhost/unused'],
      token_endpoint_auth_method: 'none',
      scopes: 'openid profile email',
      grant_types: [deviceGrant],
    }),
  })
  if (made.status !== 201) throw new Error(`the client for approvals was answered ${made.status}`)
}
