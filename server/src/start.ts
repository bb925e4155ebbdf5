/** First lines of the companion's bundle: what has to be said to Node before anything else is loaded. */
import { stayLean, tidyAfterStart } from './platform/lean.ts';

stayLean();
await import('./main.ts');
tidyAfterStart();
