import { z } from 'zod'
import type { Call } from './lanes.ts'

/** The installation that our token belongs to. */
export type Identity = {
  readonly team: string
  /** Present in an Enterprise organisation. */
  readonly enterprise?: string
  readonly botUser: string
  readonly bot?: string
  /** The workspace's address, `https://acme.slack.com/`. */
  readonly url: string
  /** What the token may do, where Slack says it. */
  readonly scopes: readonly string[]
  readonly wholeOrganisation: boolean
}

const answer = z.object({
  team_id: z.string(),
  enterprise_id: z.string().nullish(),
  user_id: z.string(),
  bot_id: z.string().nullish(),
  url: z.string().default(''),
  is_enterprise_install: z.boolean().nullish(),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).nullish(),
})

/** Asks Slack who we are. Throws what the call throws. */
export async function askIdentity(call: Call): Promise<Identity> {
  const said = answer.parse(await call('auth.test'))
  return {
    team: said.team_id,
    botUser: said.user_id,
    url: said.url,
    scopes: said.response_metadata?.scopes ?? [],
    wholeOrganisation: said.is_enterprise_install === true,
    ...(said.enterprise_id === null || said.enterprise_id === undefined ? {} : { enterprise: said.enterprise_id }),
    ...(said.bot_id === null || said.bot_id === undefined ? {} : { bot: said.bot_id }),
  }
}

/** Our installation, asked once and then kept. A failed question is asked again by the next caller. */
export class Workspace {
  readonly #call: Call
  #known: Identity | undefined
  #asking: Promise<Identity> | undefined

  constructor(call: Call) {
    this.#call = call
  }

  /** Throws what the call throws. */
  async identity(): Promise<Identity> {
    if (this.#known !== undefined) return this.#known
    this.#asking ??= askIdentity(this.#call).finally(() => {
      this.#asking = undefined
    })
    this.#known = await this.#asking
    return this.#known
  }

  /** What is known already, without asking. */
  known(): Identity | undefined {
    return this.#known
  }

  /** The address of a message, as far as the workspace's own address is known. */
  linkTo({ channel, ts }: { readonly channel: string; readonly ts: string }): string | undefined {
    const url = this.#known?.url ?? ''
    return url === '' ? undefined : `${url.replace(/\/+$/, '')}/archives/${channel}/p${ts.replace('.', '')}`
  }
}
