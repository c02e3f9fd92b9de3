/** The UDP port of peer name resolution, where nobody says otherwise (MS-PNRP 1.9). */
export const DEFAULT_PNRP_PORT = 3540
