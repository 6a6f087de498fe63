"""`python3 -m _verklet.session_start`: the process behind a notebook."""

if __name__ == "__main__":
    from _verklet import session

    session.main()
