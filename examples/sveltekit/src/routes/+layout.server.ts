import { resources } from '$lib/server/pages'
import type { LayoutServerLoad } from './$types'

export const load: LayoutServerLoad = ({ locals }) => ({ address: locals.caller?.address, resources })
