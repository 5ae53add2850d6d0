/** What the worker signs requests to. */
export const API = `${location.origin}/api/`

/** What a session may do: call this API. */
export const resources = [`${API}*`]
