// None: nothing of this machine's library is linked.
