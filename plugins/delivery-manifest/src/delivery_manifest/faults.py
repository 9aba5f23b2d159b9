"""What goes wrong that is no fault of the delivery."""


class DeliveryError(Exception):
    """The work could not be done. Says what to change, for people."""
