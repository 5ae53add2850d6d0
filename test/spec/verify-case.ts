import { SessionError } from '../../src/base/errors.js'
import { fromBase64 } from '../../src/base/multibase.js'
import { issuerAccount, rootOf } from '../../src/capability/cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import type { IncomingRequest } from '../../src/http/incoming-request.js'
import { incomingVerifier } from '../../src/http/verify-request.js'
import { verifyToken } from '../../src/token/verify-token.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { solanaVerifiers } from '../../src/wallet/solana/index.js'
import type { Case } from './cases.js'

const verifiers = { ...ethereumVerifiers(), ...solanaVerifiers() }

/** This library's verdict on a case: the account; `undefined` if it is refused. */
export async function accountOf(one: Case): Promise<string | undefined> {
  try {
    return await verified(one)
  } catch (error) {
    if (error instanceof SessionError) return undefined
    throw error
  }
}

async function verified({ kind, policy, capability, keyDID, request, token }: Case): Promise<string> {
  const { now, audiences = [], authorities = [], ...checks } = policy
  const at = { verifiers, now: () => now, domains: policy.domains }
  if (kind === 'capability') {
    const { delegation, clockSkewSecs, resources } = policy
    const cacao = await verifyCacao(capability, {
      ...at,
      ...(resources && { resources }),
      ...(delegation && { delegation }),
      ...(clockSkewSecs !== undefined && { clockSkewSecs }),
      audience: keyDID ?? '',
    })
    return issuerAccount(rootOf(cacao))
  }
  if (kind === 'token') {
    const { signedURLs: _, basePath: __, capabilityHeader: ___, ...ofTokens } = checks
    return (await verifyToken(token, { ...ofTokens, ...at, audience: audiences })).account
  }
  const verify = incomingVerifier<undefined>({ ...checks, ...at, authority: authorities, replay: false })
  return (await verify(incoming(request))).account
}

function incoming(request: Case['request']): IncomingRequest<undefined> {
  if (!request) throw new Error('the case has no request')
  const { method, target, headers, body = '' } = request
  return {
    method,
    target,
    hosts: [],
    isEncrypted: true,
    header: (name) => headers.find(([known]) => known.toLowerCase() === name)?.[1],
    at: () => undefined,
    body: async () => fromBase64(body) ?? new Uint8Array(),
  }
}
