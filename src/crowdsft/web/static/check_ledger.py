import hashlib, json, sys

last, count, points = "0" * 64, 0, 0
for line in open(sys.argv[1], encoding="utf-8"):
    entry = json.loads(line)
    body = [last, count, *(entry[key] for key in ("campaign", "round", "contributor", "amount", "reason"))]
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    last, count, points = hashlib.sha256(text.encode()).hexdigest(), count + 1, points + entry["amount"]
    if entry["hash"] != last:
        sys.exit(f"Entry {count} does not fit: it, or one before it, was changed.")
print(f"{count} entries, {points} points, head {last}")
