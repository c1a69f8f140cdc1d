"""Live news of campaigns: server-sent events beside the pages, from one process and one port"""
