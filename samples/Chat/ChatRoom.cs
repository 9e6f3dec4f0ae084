using System.Text.Json;

namespace ChatSample;

/// <summary>
/// Who is in the room. All hear the same messages in the same order, because a message is put into every member's queue under one lock; nobody is waited
/// for under it.
/// </summary>
internal sealed class ChatRoom(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ChatMember> _members = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Lets a member in, unless the room is full or somebody has that name, and tells all.</summary>
    public JoinResult TryJoin(ChatMember member)
    {
        lock (_lock)
        {
            if (_members.Count >= capacity)
            {
                return JoinResult.Full;
            }

            if (!_members.TryAdd(member.Name, member))
            {
                return JoinResult.NameTaken;
            }

            Tell("joined", member.Name, "");
            return JoinResult.Joined;
        }
    }

    /// <summary>Tells all what a member says.</summary>
    public void Say(ChatMember member, string text)
    {
        lock (_lock)
        {
            Tell("said", member.Name, text);
        }
    }

    /// <summary>A member has gone.</summary>
    public void Leave(ChatMember member)
    {
        lock (_lock)
        {
            _members.Remove(member.Name);
            Tell("left", member.Name, "");
        }
    }

    // The message is written once, and the same bytes go to all.
    private void Tell(string kind, string from, string text)
    {
        var message = JsonSerializer.SerializeToUtf8Bytes(new ChatMessage(kind, from, text, _members.Count), ChatJson.Default.ChatMessage);
        foreach (var member in _members.Values)
        {
            member.Hear(message);
        }
    }
}
