/** What a popup's contents share with the button that opens it. */
export interface PopupControl {
  open: boolean;
  /** The button: where the popup stands, and where the focus returns to. */
  readonly anchor: HTMLElement;
}

/** A press on the button itself is the button's to answer: it would close and open again. */
export function leaveToAnchor(event: Event, { anchor }: PopupControl): void {
  if (event.target instanceof Node && anchor.contains(event.target)) event.preventDefault();
}

/** Back to where it was opened from. */
export function returnFocus(event: Event, { anchor }: PopupControl): void {
  event.preventDefault();
  anchor.focus();
}
