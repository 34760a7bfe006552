declare namespace App {
  /** What a page hands to the next without writing it into the address. */
  interface PageState {
    /** Whose password was just set. */
    email?: string;
  }
}
