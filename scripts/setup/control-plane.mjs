/**
 * Arguments of Node that run the control plane. What a request or a log leaves behind is young: with Node's own bound, space
 * for it grows to three times 32 MB before it is used again, however little is alive. The unit and the image say the same.
 */
export const controlPlane = ['--max-semi-space-size=16', 'api/src/main.ts'];
