/** The worker signs the requests to URLs that begin with this. */
export const API = `${location.origin}/api/`

/** What a session may do: call this API. */
export const resources = [`${API}*`]
