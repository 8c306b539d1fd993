"""Faults put into refreshes on purpose: killed, out of disk, held up, misled. What is lost?"""
