let loaded: typeof import('http-message-sig') | undefined

/** The library of RFC 9421. Loads when the first request is signed or verified: whoever does neither does without it. */
export async function messageSignatures(): Promise<typeof import('http-message-sig')> {
  loaded ??= await import('http-message-sig')
  return loaded
}
