export const entries: readonly { readonly name: string; readonly source: string; readonly page: string }[]

export const reference: readonly { readonly text: string; readonly items: readonly string[] }[]
