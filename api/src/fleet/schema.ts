import './placement-schema.ts';
import './target-type.ts';
