/** `npm start`: sets up what is missing, then runs the control plane in the foreground under the pinned Node. */
import { controlPlane } from './setup/control-plane.mjs';
import { become } from './setup/foreground.mjs';
import { setupOrExit } from './setup.mjs';

await setupOrExit();
become([...controlPlane, ...process.argv.slice(2)]);
