namespace ChatSample;

/// <summary>What members are sent.</summary>
/// <param name="Kind"><c>said</c>, <c>joined</c> or <c>left</c>.</param>
/// <param name="From">The member that it is about.</param>
/// <param name="Text">What was said; empty otherwise.</param>
/// <param name="Members">How many there are now.</param>
internal sealed record ChatMessage(string Kind, string From, string Text, int Members);
