/** What a session of this app may do: call its own API. */
export const resources = [`${location.origin}/api/*`]
