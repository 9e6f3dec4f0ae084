using System.ComponentModel;
using System.Globalization;

namespace PipeServer;

/// <summary>Converts the text form of a socket's permissions, so that configuration can bind it.</summary>
internal sealed class SocketFileModeConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) =>
        sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        value is string text ? SocketFileMode.Parse(text) : base.ConvertFrom(context, culture, value);
}
