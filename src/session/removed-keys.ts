/** The did:keys that were signed out while they were at hand, here or in another tab: they sign no more. */
export const removedKeys: Set<string> = new Set<string>()
