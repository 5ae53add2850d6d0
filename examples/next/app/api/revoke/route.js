import { revocation, signed } from '../../../lib/pages.js'

// Signing out everywhere changes something, so it is signed: the cookie alone would not do.
export const POST = signed(async (_request, caller) => {
  await revocation.revoke(caller.cacao)
  return new Response(null, { status: 204 })
})
