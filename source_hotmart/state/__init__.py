"""What has been read: intervals of dates, states of parents, and the cursors that write them."""
